#[leno::test(sim, seeds = 0)]
async fn no_seeds() {}

#[leno::test(sim, seeds = 7..7)]
async fn none_in_the_range() {}

#[leno::test(sim, seeds = "many")]
async fn seeds_as_text() {}

#[leno::test(sim, polls = 0)]
async fn no_polls() {}

#[leno::test(sim, depth = 65)]
async fn too_deep() {}

#[leno::test(sim, virtual_time = "1 day")]
async fn a_unit_that_is_not_known() {}

#[leno::test(sim, time = 0)]
async fn no_time() {}

#[leno::test(sim, strategy = "chance")]
async fn a_strategy_that_is_not_known() {}

#[leno::test(sim, isolate = "process")]
async fn an_isolation_that_is_not_known() {}

#[leno::test(sim, stalls)]
async fn without_a_value() {}

#[leno::test(sim = "yes")]
async fn not_true() {}

#[leno::test(explore, bound = 4_294_967_296)]
async fn too_far() {}

#[leno::test(explore, shared = "std")]
async fn what_else_is_shared() {}

#[leno::test(sim, strategy = "dpor")]
async fn nothing_is_said_of_what_is_shared() {}

#[leno::test(explore, bound = 2, shared = "leno")]
async fn a_bound_where_none_is_needed() {}

fn main() {}
