//! The export that Spin's cron trigger calls.
//!
//! A component names its function once: `seatkeeper_spin::cron!(tick);` where
//! `async fn tick(now: DateTime<Utc>) -> Result<(), String>`. The error text goes to the host's log. Hosts without a cron
//! trigger call the component's HTTP route instead.

use chrono::{DateTime, Utc};

/// The instant of a tick from the seconds that the trigger sends; an impossible number is refused.
pub fn instant(seconds: u64) -> Result<DateTime<Utc>, String> {
    let instant = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    instant.ok_or_else(|| format!("the cron trigger sent the impossible time {seconds}; check the host's clock"))
}

/// Exports `handle-cron-event` of `spin:cron@3.0.0` and calls the named function.
#[macro_export]
macro_rules! cron {
    ($tick:ident) => {
        #[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
        mod spin_cron {
            mod bindings {
                ::spin_sdk::wit_bindgen::generate!({
                    inline: "
                        package spin:cron@3.0.0;
                        interface cron-types {
                            record metadata { timestamp: u64 }
                            variant error { other(string) }
                        }
                        world spin-cron {
                            use cron-types.{metadata, error};
                            export handle-cron-event: async func(metadata: metadata) -> result<_, error>;
                        }
                    ",
                    world: "spin-cron",
                    runtime_path: "::spin_sdk::wit_bindgen::rt",
                    generate_all,
                    pub_export_macro: true,
                    // The HTTP service brings an `export!` of its own.
                    export_macro_name: "export_cron",
                });
            }

            struct Tick;

            impl bindings::Guest for Tick {
                async fn handle_cron_event(metadata: bindings::Metadata) -> Result<(), bindings::Error> {
                    let now = $crate::cron::instant(metadata.timestamp).map_err(bindings::Error::Other)?;
                    super::$tick(now).await.map_err(bindings::Error::Other)
                }
            }

            bindings::export_cron!(Tick with_types_in bindings);
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_an_instant_and_an_impossible_number_is_refused() {
        assert_eq!(instant(1_795_305_600).unwrap().to_rfc3339(), "2026-11-22T00:00:00+00:00");
        for impossible in [u64::MAX, i64::MAX.unsigned_abs()] {
            assert!(instant(impossible).unwrap_err().contains(&impossible.to_string()));
        }
    }
}
