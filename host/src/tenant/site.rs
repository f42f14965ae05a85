//! A tenant as requests meet it: its configuration, its files, its users, its store.

use crate::auth::Users;
use crate::config::Config;
use crate::http::static_files::StaticFiles;
use runtime::Tenant;
use std::sync::Arc;
use storage::Store;

/// A tenant, as one configuration describes it. Another configuration makes another value.
pub struct Site {
    /// Its name.
    pub name: String,
    /// What holds for it.
    pub config: Arc<Config>,
    /// What is served where no module is.
    pub static_files: Option<StaticFiles>,
    /// What its store is needed for.
    pub open: Arc<Open>,
}

/// A tenant whose store is open.
pub struct Open {
    /// As modules see it.
    pub tenant: Arc<Tenant>,
    /// Who may sign in.
    pub users: Users,
}

impl Site {
    /// A tenant with its store.
    pub fn new(name: &str, config: Arc<Config>, store: Arc<dyn Store>) -> Self {
        let root = config.httpdocroot.clone();
        Self {
            name: name.to_owned(),
            static_files: root.map(|root| StaticFiles::new(root, config.httpallowedurls.clone())),
            open: Arc::new(Open {
                users: Users::new(store.clone(), &config),
                tenant: Arc::new(Tenant {
                    name: name.to_owned(),
                    store,
                    options: config.set.clone(),
                }),
            }),
            config,
        }
    }
}
