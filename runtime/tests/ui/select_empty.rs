async fn nothing() {
    leno::select! {};
    leno::select! { biased; };
}

fn main() {}
