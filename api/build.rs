//! The pages are part of the binary: other pages are another binary.

fn main() {
    println!("cargo:rerun-if-changed=../ui/dist");
}
