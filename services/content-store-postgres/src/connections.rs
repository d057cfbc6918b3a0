//! The few connections to the server. Teaches that a database across a network may be gone, silent or back again, so that every
//! wait has a bound and every connection is checked before it is used.

use std::{error::Error, io, time::Duration};

use content_store::storage::StorageError;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{Config, NoTls, config::Host, error::SqlState};

/// Connections of one store. A server takes 100 unless told otherwise: enough for a class of a dozen stores.
pub const CONNECTIONS_MAX: usize = 8;

/// How long a request waits for one of them to become free.
pub const FREE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long making a new one may take, with the name's resolution and the password's exchange.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the check of a used one may take. Whoever restarted the server must not be told about it by failed requests.
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// How long one call of the storage may take in all, its waits included. A server that is silent rather than gone is told by
/// nothing else.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// What each connection begins with. The server gives up before the store does, so that no statement goes on for nobody; and
/// a store that vanished in the middle of a change may not keep the others from theirs. An acknowledged change must be on
/// disk, even where the server was set up not to wait for that.
const SESSION: &str = "
    SET statement_timeout = '5s';
    SET idle_in_transaction_session_timeout = '10s';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// What a URL looks like, for those whose URL cannot be read. The URL itself is not repeated: it holds a password.
const URL_EXPECTED: &str = "the PostgreSQL URL cannot be read; it has the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE, \
    where signs such as / and @ in a password are written as %2F and %40";

/// Where the database is, without its password.
pub(crate) struct Place {
    config: Config,
    /// As in `db.example:5432/shop`, for messages.
    pub(crate) name: String,
}

impl Place {
    pub(crate) fn parse(url: &str) -> io::Result<Self> {
        // The parser's own error may repeat parts of the password.
        let expected = || io::Error::new(io::ErrorKind::InvalidInput, URL_EXPECTED);
        let mut config: Config = url.parse().map_err(|_| expected())?;
        // Half of a password that holds an @ is taken for a part of the host, which messages name.
        if config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if name.contains('@'))) {
            return Err(expected());
        }
        config.application_name("content-store").connect_timeout(CONNECT_TIMEOUT);
        let ports = config.get_ports();
        let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        let hosts = config.get_hosts().iter().enumerate().map(|(index, host)| match host {
            Host::Tcp(name) => format!("{name}:{}", port(index)),
            Host::Unix(folder) => format!("{}:{}", folder.display(), port(index)),
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
        let name = format!("{hosts}/{database}");
        Ok(Self { config, name })
    }

    pub(crate) fn connections(self) -> io::Result<Pool> {
        let checked = ManagerConfig { recycling_method: RecyclingMethod::Verified };
        let begin = Hook::async_fn(|connection: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(async move { connection.batch_execute(SESSION).await.map_err(HookError::Backend) })
        });
        Pool::builder(Manager::from_config(self.config, NoTls, checked))
            .max_size(CONNECTIONS_MAX)
            .wait_timeout(Some(FREE_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(CHECK_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .post_create(begin)
            .build()
            .map_err(io::Error::other)
    }
}

/// Whatever the server, the network or the wait for them came to: to the store it is a database that failed, or has no room.
pub(crate) fn failed(error: impl Error + Send + Sync + 'static) -> StorageError {
    let error: Box<dyn Error + Send + Sync> = Box::new(error);
    let code = error.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
    if code == Some(&SqlState::DISK_FULL) {
        StorageError::NoRoom(error)
    } else {
        StorageError::Database(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_without_its_password() {
        fn check(url: &str, expected: &str) {
            assert_eq!(Place::parse(url).unwrap().name, expected);
        }
        check("postgresql://ann:secret@db.example/shop", "db.example:5432/shop");
        check("postgres://ann:s%2Fcret@127.0.0.1:6000", "127.0.0.1:6000/ann");
        check("postgresql://ann:secret@a:1,b:2/shop", "a:1,b:2/shop");
        check("host=/run/db user=ann password=secret", "/run/db:5432/ann");
    }

    #[test]
    fn an_unreadable_url_is_not_repeated() {
        for url in [
            "postgresql://ann:se@cret@db/shop",
            "password=se cret",
            "host=db cret",
            "postgresql://db/?cret=1",
        ] {
            let error = Place::parse(url).err().unwrap_or_else(|| panic!("{url} can be read"));
            assert_eq!(error.to_string(), URL_EXPECTED);
        }
    }
}
