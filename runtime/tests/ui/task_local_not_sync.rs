use std::cell::Cell;

leno::task_local! {
    #[inherited]
    static COUNT: Cell<u32>;
}

fn main() {}
