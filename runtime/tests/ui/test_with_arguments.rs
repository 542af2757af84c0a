#[leno::test]
async fn with_arguments(number: u32, mut text: String) {
    text.push_str(&number.to_string());
}

fn main() {}
