//! An authority, a server's certificate from it, and another authority to be wrong with.

use std::path::Path;
use std::process::Command;

/// The server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certificate {
    /// For [`SERVER_NAME`](crate::SERVER_NAME) and 127.0.0.1, and valid now.
    #[default]
    Valid,
    /// The same, and long over.
    Expired,
    /// An RSA key, as most directories have; the others have elliptic curves.
    Rsa,
}

/// Makes `ca.crt`, `other.crt`, `server.crt` and `server.key`.
pub(crate) fn make(folder: &Path, certificate: Certificate) -> Result<(), String> {
    for name in ["ca", "other"] {
        let subject = format!("/CN={name} of a test");
        openssl(
            folder,
            &["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
            &["-days", "2", "-subj", &subject, "-keyout", &format!("{name}.key"), "-out", &format!("{name}.crt")],
        )?;
    }
    let key: &[&str] = match certificate {
        Certificate::Rsa => &["req", "-newkey", "rsa:2048", "-nodes"],
        Certificate::Valid | Certificate::Expired => {
            &["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        }
    };
    openssl(folder, key, &["-subj", "/CN=a directory", "-keyout", "server.key", "-out", "server.csr"])?;
    let config = format!(
        "[ca]\ndefault_ca = test\n[test]\nnew_certs_dir = .\ndatabase = index.txt\nserial = serial.txt\n\
         default_md = sha256\npolicy = any\nx509_extensions = server\nunique_subject = no\n\
         [any]\ncommonName = supplied\n[server]\nbasicConstraints = critical, CA:FALSE\n\
         extendedKeyUsage = serverAuth\nsubjectAltName = DNS:{}, IP:127.0.0.1\n",
        crate::SERVER_NAME
    );
    for (file, text) in [("ca.cnf", config.as_str()), ("index.txt", ""), ("serial.txt", "01\n")] {
        std::fs::write(folder.join(file), text).map_err(|error| error.to_string())?;
    }
    let validity: &[&str] = match certificate {
        Certificate::Expired => &["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"],
        Certificate::Valid | Certificate::Rsa => &["-days", "2"],
    };
    let ca = ["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key"];
    openssl(folder, &ca, &[validity, &["-in", "server.csr", "-out", "server.crt"]].concat())
}

fn openssl(folder: &Path, first: &[&str], rest: &[&str]) -> Result<(), String> {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(first).args(rest);
    crate::server::finish(command)
}
