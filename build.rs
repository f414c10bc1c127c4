//! Sets the linker flags a Node.js addon needs.

fn main() {
    #[cfg(feature = "node")]
    {
        napi_build::setup();
        // macOS records in a library where it was linked. Without a name of its own, that is a path of the build machine.
        if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos") {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/y-dynamodb.node");
        }
    }
}
