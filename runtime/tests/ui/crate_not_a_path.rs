#[leno::main(crate = "not a path")]
async fn main() {}

#[leno::test(crate = leno)]
async fn without_quotes() {}

#[leno::test(crate = "runtime::fn")]
async fn with_a_keyword() {}
