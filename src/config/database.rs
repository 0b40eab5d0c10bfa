//! The URL of a PostgreSQL database. It may hold a password, so what is printed of it does not.

use std::fmt;

use super::nearest::{nearest, suggestion};
use super::value::Text;

/// What may stand behind the `?`.
const PARAMETERS: [&str; 14] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-mode",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];
/// Stands for a password.
const HIDDEN: &str = "***";

/// Where a PostgreSQL database is and how to get in.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// In words that do not repeat it.
    pub fn new(url: &str) -> Result<Self, String> {
        Self::read(url)
    }

    /// The whole URL, password included: to connect with.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// The same with any password hidden.
    pub fn hidden(&self) -> Self {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let authority = match authority.rsplit_once('@') {
            Some((user, host)) => match user.split_once(':') {
                Some((user, _)) => format!("{user}:{HIDDEN}@{host}"),
                None => authority.to_owned(),
            },
            None => authority.to_owned(),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let shown = |pair: &str| match pair.split_once('=') {
            Some(("password", _)) => format!("password={HIDDEN}"),
            Some(_) | None => pair.to_owned(),
        };
        let query: Vec<String> = query.split('&').map(shown).collect();
        let mark = if rest.contains('?') { "?" } else { "" };
        Self(format!(
            "{scheme}://{authority}{path}{mark}{}",
            query.join("&")
        ))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hidden().0)
    }
}

impl Text for DatabaseUrl {
    const EXPECTED: &'static str = "a URL such as \"postgres://dozvon@db.example/dozvon\"";

    fn read(text: &str) -> Result<Self, String> {
        let expected = || format!("expected {}", Self::EXPECTED);
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if !is_postgres {
            return Err(expected());
        }
        let parameters = text.split_once('?').map_or("", |(_, query)| query);
        let names = parameters
            .split('&')
            .filter_map(|pair| pair.split('=').next());
        for name in names.filter(|name| !name.is_empty()) {
            if !PARAMETERS.contains(&name) {
                let near = suggestion(nearest(name, PARAMETERS));
                return Err(format!("unknown parameter \"{name}\" of the URL{near}"));
            }
        }
        // The same reader as will connect; its own words may hold parts of the URL.
        match text.parse::<sqlx::postgres::PgConnectOptions>() {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(expected()),
        }
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_and_everything_else_is() {
        let shown = |url: &str| format!("{:?}", DatabaseUrl::new(url).unwrap());
        let cases = [
            ("postgres://u:s3cret@h:5433/d", "postgres://u:***@h:5433/d"),
            (
                "postgresql://u:a@b@h/d?sslmode=require",
                "postgresql://u:***@h/d?sslmode=require",
            ),
            ("postgres://u@h/d", "postgres://u@h/d"),
            (
                "postgres:///d?host=/run/postgresql&password=s3cret&user=u",
                "postgres:///d?host=/run/postgresql&password=***&user=u",
            ),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected);
            // What is printed can be read again.
            assert!(DatabaseUrl::new(expected).is_ok(), "{expected}");
        }
    }

    #[test]
    fn what_is_no_url_of_postgresql_is_refused_and_not_repeated() {
        for url in [
            "",
            "dozvon.db",
            "sqlite:s3cret.db",
            "mysql://u:s3cret@h/d",
            "postgres://u:s3cret@h:port/d",
            "postgres://u:s3/cret@h/d",
            "postgres://u@h/d?sslmode=s3cret",
        ] {
            let error = DatabaseUrl::new(url).unwrap_err();
            assert!(error.starts_with("expected a URL such as"), "{error}");
            assert!(!error.contains("s3"), "{error}");
        }
        let error = DatabaseUrl::new("postgres://u@h/d?sslmod=require").unwrap_err();
        assert_eq!(
            error,
            "unknown parameter \"sslmod\" of the URL, did you mean \"sslmode\"?"
        );
    }
}
