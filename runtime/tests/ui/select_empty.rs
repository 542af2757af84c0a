async fn nothing() {
    leno::select! {};
    leno::select! { biased; };
    leno::select! { safe; };
    leno::select! { safe; biased; };
    leno::select! { biased; safe; };
}

fn main() {}
