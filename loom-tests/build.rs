//! Tells the compiler of the runtime's feature that its files ask for here too, where there is none.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(feature, values(\"sim\"))");
}
