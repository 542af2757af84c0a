//! Tells the compiler of the runtime's feature that its files ask for here too, where there is none.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(feature, values(\"introspection\", \"rt-multi-thread\", \"sim\", \"structured\"))"
    );
    // The pool is modelled, what looks into it, and what lanes and children are for.
    println!("cargo::rustc-cfg=feature=\"rt-multi-thread\"");
    println!("cargo::rustc-cfg=feature=\"introspection\"");
    println!("cargo::rustc-cfg=feature=\"structured\"");
}
