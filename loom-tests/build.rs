//! Tells the compiler of the runtime's feature that its files ask for here too, where there is none.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(feature, values(\"introspection\", \"rt-multi-thread\", \"sim\"))"
    );
    // The pool is modelled, and what looks into it.
    println!("cargo::rustc-cfg=feature=\"rt-multi-thread\"");
    println!("cargo::rustc-cfg=feature=\"introspection\"");
}
