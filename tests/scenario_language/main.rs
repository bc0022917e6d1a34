//! The scenario language from outside: files in, models or mistakes out.

mod corpus;
mod forms;
mod handbook;
mod overrides;
mod rendering;
mod stress;

use std::fs;
use std::path::{Path, PathBuf};

use loadtest::scenario::surroundings::Surroundings;
use loadtest::scenario::{self, Mistakes, Overrides, Reading, Scenario};

/// A folder or file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The TOML files of a folder, by name.
fn toml_files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(repository(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    files
}

/// One CSV file `data/customers.csv`, one body file, certificates, two environment variables, a
/// fixed seed.
#[derive(Debug)]
struct Fixed;

impl Surroundings for Fixed {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        match path.to_str() {
            Some("data/customers.csv") => {
                Ok(b"email,password\nada@x.test,one\nbob@x.test,two\n".to_vec())
            }
            Some("order.xml") => Ok(b"<order at=\"${now_ms()}\"/>".to_vec()),
            Some("ca.pem") => Ok(include_bytes!("../engine/tls/authority.pem").to_vec()),
            Some("client.pem") => Ok(include_bytes!("../engine/tls/client.pem").to_vec()),
            Some("client.key") => Ok(include_bytes!("../engine/tls/client.key").to_vec()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "API_KEY" => Some("s3cr3t".to_owned()),
            "PROXY_PASSWORD" => Some("p@ss".to_owned()),
            _ => None,
        }
    }

    fn fresh_seed(&self) -> u64 {
        99
    }
}

fn parse_with(text: &str, overrides: &Overrides) -> Result<Reading, Mistakes> {
    scenario::parse(text, Path::new("test.toml"), overrides, &Fixed)
}

/// A scenario that must be sound.
fn sound(text: &str) -> Scenario {
    let reading = parse_with(text, &Overrides::default());
    reading
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .scenario
}

/// The first lines of what is wrong with a text.
fn complaints(text: &str, overrides: &Overrides) -> Vec<String> {
    let mistakes = parse_with(text, overrides).expect_err("it was taken for sound");
    mistakes
        .0
        .into_iter()
        .map(|mistake| mistake.message)
        .collect()
}
