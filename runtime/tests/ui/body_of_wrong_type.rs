#[leno::main]
async fn main() -> Result<(), String> {
    let text = "text";
    text.len()
}

#[leno::main]
async fn forgets_the_value() -> Result<(), String> {
    println!("done");
}

#[leno::main]
async fn returns_early() -> Result<(), String> {
    if true {
        return 5;
    }
    Ok(())
}

#[leno::main]
async fn has_a_value() {
    "nobody takes it"
}
