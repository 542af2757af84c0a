#[leno::coroutine]
async fn length(text: &str) -> usize {
    if text.is_empty() {
        return "none";
    }
    text
}

fn main() {}
