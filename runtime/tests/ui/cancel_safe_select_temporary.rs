//! A reference is safe to drop, but not what dies with it.

async fn refers() {
    leno::select! {
        safe;
        _ = &mut leno::spawn(async {}) => {}
        _ = leno::task::yield_now() => {}
    }
}

fn main() {}
