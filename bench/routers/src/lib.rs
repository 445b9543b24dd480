//! What every benchmark of ours sends load with. The program of this package measures routers of any make side by side.

pub mod load;
