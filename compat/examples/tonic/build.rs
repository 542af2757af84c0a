//! Generates the client and the server of the service. tonic does so without protoc if the methods are told by hand.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let method = |name: &str, route: &str, input: &str, output: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(format!("crate::{input}"))
            .output_type(format!("crate::{output}"))
            .codec_path("tonic_prost::ProstCodec")
    };
    let calculator = Service::builder()
        .name("Calculator")
        .package("leno.compat")
        .method(method("divide", "Divide", "Division", "Number").build())
        .method(
            method("count", "Count", "Number", "Number")
                .server_streaming()
                .build(),
        )
        .method(
            method("sum", "Sum", "Number", "Number")
                .client_streaming()
                .build(),
        )
        .method(
            method("squares", "Squares", "Number", "Number")
                .client_streaming()
                .server_streaming()
                .build(),
        )
        .build();
    Builder::new().compile(&[calculator]);
}
