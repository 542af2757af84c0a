//! A child borrows from around the group, not from its body; and what a child gives is not of the body either.

use leno::task::{LocalGroup, local_group};

async fn read(text: &str) -> usize {
    text.len()
}

async fn borrows_from_the_body() -> usize {
    local_group(async |group| {
        let text = String::from("gone before the child");
        group.spawn(read(&text)).await
    })
    .await
}

async fn outlives_what_it_borrows() {
    let group = local_group(async |group| {
        let text = String::from("around it, but dropped");
        std::mem::drop(text);
        group.spawn(std::future::pending::<()>()).await
    });
    let late = {
        let text = String::from("not long enough");
        local_group(async |group| group.spawn(read(&text)).await)
    };
    late.await;
    group.await;
}

async fn smuggles_the_handle<'a>(place: &mut Option<LocalGroup<'a>>, text: &'a str) {
    let own = String::from(text);
    local_group(async |group| {
        *place = Some(group.clone());
        group.spawn(read(&own)).await
    })
    .await;
}

async fn borrows_exclusively_twice() {
    let mut number = 0;
    local_group(async |group| {
        let one = group.spawn(async { number += 1 });
        let two = group.spawn(async { number += 2 });
        one.await;
        two.await;
    })
    .await;
}

fn main() {}
