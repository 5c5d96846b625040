//! The address of a database: what it may say, and where it leads.

use tokio_postgres::Config;
use tokio_postgres::config::{Host, TargetSessionAttrs};

use crate::outbound::allowed::default_port;
use crate::outbound::target::Target;

const SCHEME: &str = "postgres";

/// Parses an address in either form, `name=value …` or a URL.
pub(super) fn parse(address: &str) -> Result<Config, String> {
    let config: Config = address.parse().map_err(|error: tokio_postgres::Error| super::fault::told(&error))?;
    // With it, the driver would connect to another place than the one whose name was checked.
    if !config.get_hostaddrs().is_empty() {
        return Err("hostaddr is not implemented by the embedded host; write the address as host".into());
    }
    if config.get_target_session_attrs() != TargetSessionAttrs::Any {
        return Err("target_session_attrs is not implemented by the embedded host".into());
    }
    // The driver would take the name of whoever started the host.
    if config.get_user().is_none() {
        return Err("the address names no user".into());
    }
    Ok(config)
}

/// Every place that the address names, all of which have to be allowed.
pub(super) fn targets(config: &Config) -> Result<Vec<Target>, String> {
    let ports = config.get_ports();
    if ports.len() > 1 && ports.len() != config.get_hosts().len() {
        return Err("the address has to name one port, or as many as hosts".into());
    }
    let usual = default_port(SCHEME).unwrap_or_default();
    let targets = config.get_hosts().iter().enumerate().map(|(index, host)| match host {
        Host::Tcp(name) => {
            let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(usual);
            Target::new(SCHEME, name, port).map_err(|_| format!("the host {name:?} is not a name or an address"))
        }
        Host::Unix(_) => Err("Unix sockets are not supported on WebAssembly".into()),
    });
    targets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(address: &str) -> Result<Vec<String>, String> {
        Ok(targets(&parse(address)?)?.iter().map(|target| format!("{}:{}", target.host(), target.port())).collect())
    }

    #[test]
    fn both_forms_name_the_same_places() {
        for address in [
            "host=DB.example.com user=me",
            "postgres://me@db.example.com/wiki",
            "host=db.example.com port=5432 user=me",
        ] {
            assert_eq!(entries(address).unwrap(), ["db.example.com:5432"], "{address}");
        }
        assert_eq!(entries("host=a,b port=1,2 user=me").unwrap(), ["a:1", "b:2"]);
        assert_eq!(entries("host=a,b port=7 user=me").unwrap(), ["a:7", "b:7"]);
        assert_eq!(entries("host=::1 user=me").unwrap(), ["[::1]:5432"]);
        assert_eq!(entries("host=2130706433 user=me").unwrap(), ["127.0.0.1:5432"], "an address in disguise is one");
    }

    #[test]
    fn every_way_round_the_name_is_refused() {
        for (address, why) in [
            ("host=db hostaddr=10.0.0.1 user=me", "hostaddr"),
            ("host=/var/run/postgresql user=me", "Unix sockets"),
            ("host=db", "no user"),
            ("host=a,b,c port=1,2 user=me", "one port"),
            ("host=db user=me target_session_attrs=read-write", "target_session_attrs"),
            ("host=db user", ""),
        ] {
            let told = entries(address).unwrap_err();
            assert!(told.contains(why) && !told.is_empty(), "{address}: {told}");
        }
        assert_eq!(entries("user=me").unwrap(), [""; 0], "no host is no place");
    }
}
