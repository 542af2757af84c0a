trait Shop {
    #[leno::coroutine]
    async fn sell(&self, pieces: u32) -> u32;
}

fn main() {}
