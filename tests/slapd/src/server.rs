//! Making and starting a server.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{BASE, LEAVERS, LIMITED, Options, PASSWORD, PEOPLE, READER, STRANGER, Server, certificates};

const SLAPD: &str = "/usr/sbin/slapd";
/// Another program may take a port between looking and starting.
const TRIES: u32 = 5;
/// Looks at a starting server, 20 ms apart.
const ATTEMPTS: u32 = 500;

pub(crate) fn start(options: Options<'_>) -> Result<Server, String> {
    if !Path::new(SLAPD).is_file() {
        return Err(format!("no {SLAPD}; install it with `cargo xtask setup`, or the package `slapd`"));
    }
    let folder = tempfile::Builder::new().prefix("seatkeeper-slapd-").tempdir().map_err(|error| error.to_string())?;
    let path = folder.path();
    // Some systems confine the program at its usual path to its usual folders.
    std::fs::copy(SLAPD, path.join("slapd")).map_err(|error| error.to_string())?;
    std::fs::create_dir(path.join("data")).map_err(|error| error.to_string())?;
    certificates::make(path, options.certificate)?;
    std::fs::write(path.join("ad.schema"), include_str!("ad.schema")).map_err(|error| error.to_string())?;
    std::fs::write(path.join("slapd.conf"), configuration(path)).map_err(|error| error.to_string())?;
    load(path, &options)?;
    let mut tries = 1;
    loop {
        match run(path) {
            Ok((child, port, tls_port)) => return Ok(Server { folder, child, port, tls_port }),
            Err(log) if tries < TRIES && log.contains("in use") => tries += 1,
            Err(log) => return Err(format!("slapd did not start: {log}")),
        }
    }
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    let schemas = ["core", "cosine", "inetorgperson"].map(|name| format!("include /etc/ldap/schema/{name}.schema\n"));
    let schemas = schemas.concat();
    format!(
        "{schemas}include {folder}/ad.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload ppolicy\n\
         TLSCACertificateFile {folder}/ca.crt\nTLSCertificateFile {folder}/server.crt\n\
         TLSCertificateKeyFile {folder}/server.key\nTLSVerifyClient never\n\
         database mdb\nsuffix \"{BASE}\"\ndirectory {folder}/data\nmaxsize 1073741824\ndbnosync\n\
         index objectClass,uid,mail,sAMAccountName,sAMAccountType,userPrincipalName,employeeID eq,pres\n\
         limits dn.exact=\"{READER}\" size=unlimited size.pr=unlimited size.prtotal=unlimited time=unlimited\n\
         limits dn.exact=\"{LIMITED}\" size=10 size.prtotal=10\n\
         access to dn.exact=\"{BASE}\" by * read\n\
         access to attrs=userPassword by * auth\n\
         access to * by dn.exact=\"{READER}\" read by dn.exact=\"{LIMITED}\" read by dn.exact=\"{STRANGER}\" disclose by * none\n\
         overlay ppolicy\n"
    )
}

/// Loads the entries without a running server, which takes a second for ten thousand of them.
fn load(folder: &Path, options: &Options<'_>) -> Result<(), String> {
    let root = format!("dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n");
    let units = [PEOPLE, LEAVERS].map(|unit| format!("dn: {unit}\nobjectClass: organizationalUnit\n\n"));
    let accounts = [READER, STRANGER, LIMITED].map(|account| {
        format!(
            "dn: {account}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
             userPassword: {PASSWORD}\n\n"
        )
    });
    let far = options.referral.map(|reference| {
        format!(
            "dn: ou=far,{BASE}\nobjectClass: referral\nobjectClass: extensibleObject\nou: far\nref: {reference}\n\n"
        )
    });
    let ldif = [&root, &units.concat(), &accounts.concat(), far.as_deref().unwrap_or_default(), options.ldif].concat();
    let file = folder.join("people.ldif");
    File::create(&file).and_then(|mut file| file.write_all(ldif.as_bytes())).map_err(|error| error.to_string())?;
    let mut add = slapd(folder);
    add.args(["-Tadd", "-q", "-f"]).arg(folder.join("slapd.conf")).arg("-l").arg(file);
    finish(add)
}

/// Starts the server on free ports and waits until it answers; the error is what it wrote before it ended.
fn run(folder: &Path) -> Result<(Child, u16, u16), String> {
    let (port, tls_port) = free_ports()?;
    let log = folder.join("log");
    let stderr = File::create(&log).map_err(|error| error.to_string())?;
    let mut server = slapd(folder);
    // A debug level, even none, keeps it in the foreground.
    server.args(["-d", "none", "-f"]).arg(folder.join("slapd.conf"));
    server.arg("-h").arg(format!("ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"));
    let mut child = server.stdout(Stdio::null()).stderr(stderr).spawn().map_err(|error| error.to_string())?;
    for _ in 0..ATTEMPTS {
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            break;
        }
        if [port, tls_port].iter().all(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok()) {
            return Ok((child, port, tls_port));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(std::fs::read_to_string(log).unwrap_or_default())
}

fn slapd(folder: &Path) -> Command {
    let mut command = Command::new(folder.join("slapd"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

pub(crate) fn finish(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
}

fn free_ports() -> Result<(u16, u16), String> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string());
    let port = |listener: &TcpListener| listener.local_addr().map(|a| a.port()).map_err(|error| error.to_string());
    let (first, second) = (listen()?, listen()?);
    Ok((port(&first)?, port(&second)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PeopleOf, ad_person, openldap_person};

    #[test]
    fn a_server_starts_with_people_of_both_shapes() {
        let mut ldif = PeopleOf::Openldap.many(3);
        ldif += &PeopleOf::ActiveDirectory.many(3);
        ldif += &openldap_person(
            "gone",
            LEAVERS,
            "pwdAccountLockedTime: 000001010000Z\npwdLastSuccess: 20261101080000.123456Z",
        );
        ldif += &ad_person("ad-gone", LEAVERS, 514, "lastLogonTimestamp: 134012345678901234");
        let server = start(Options { ldif: &ldif, ..Options::default() }).unwrap();
        assert!(server.memory().unwrap() > 0);
        assert!(server.authority().unwrap().contains("BEGIN CERTIFICATE"));
    }
}
