#[leno::test]
fn not_async() {}

fn main() {}

#[leno::test]
struct NoFunction;

#[leno::test]
async fn without_a_body();
