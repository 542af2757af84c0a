async fn early() {
    leno::select! {
        _ = async {} => {}
        else => {},
        _ = async {} => {}
    }
}

fn main() {}
