//! Adapters from the engine's ports to the Spin SDK.
