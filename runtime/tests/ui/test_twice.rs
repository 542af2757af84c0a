#[leno::test]
#[test]
async fn once_by_leno_once_by_the_standard_library() {}

#[leno::test]
#[leno::test]
async fn twice_by_leno() {}

#[leno::test]
#[::core::prelude::v1::test]
async fn once_by_the_full_name() {}

fn main() {}
