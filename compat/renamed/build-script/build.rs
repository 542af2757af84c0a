//! The dependency is the build script's alone.

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(tokio::spawn(async { 1 }).await.unwrap(), 1);
    println!("cargo:rerun-if-changed=build.rs");
}
