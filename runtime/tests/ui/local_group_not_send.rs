//! The children of a group that can be spawned are `Send`, and so are their outputs; an error is of the group's type.

use leno::task::{local_group_send, try_local_group_send};
use std::rc::Rc;

async fn with_a_child_that_is_not() {
    local_group_send(async |group| {
        let number = Rc::new(1);
        group.spawn(async move { *number });
    })
    .await;
}

async fn with_an_output_that_is_not() {
    local_group_send(async |group| {
        group.spawn(async { Rc::new(1) });
    })
    .await;
}

async fn with_an_error_of_another_type() -> Result<(), String> {
    try_local_group_send(async |group| {
        group.spawn(async { "1".parse::<u32>() }).await;
        Ok(())
    })
    .await
}

fn main() {}
