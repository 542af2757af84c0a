#[leno::main]
fn main() {}
