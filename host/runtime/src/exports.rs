//! What a module exports besides `handler`, and how the host calls it: deliveries, timers, properties
//! of principals. Each call runs in an instance of its own, which is not kept, except for those of
//! `waking` that are like requests. `indexing` has the others.

use crate::account::Alive;
use crate::bindings::exports::chapar::host::{principal, receiver};
use crate::instance::Instance;
use crate::limits::{Meter, metered};
use crate::load::Module;
use crate::run::{Bill, Run};
use crate::serve::make;
use crate::state::{Current, Serving};
use crate::{HandleError, Identity, Runtime, Tenant};
use bytes::Bytes;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use storage::{DeliveryPurpose, Instant};
use tokio::sync::oneshot;

/// A message that has come for the principal.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// From whom.
    pub sender: Option<String>,
    /// What for; none for a question.
    pub purpose: Option<DeliveryPurpose>,
    /// The message.
    pub message: Bytes,
}

/// What became of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It was taken; the answer for the sender, if there is one.
    Taken(Option<Bytes>),
    /// To be tried again later, and why.
    Later(String),
    /// It will never be taken, and why.
    Never(String),
}

/// A property of a principal, opaque to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its value, serialised as the namespace has it.
    pub value: String,
}

/// What kind of instance a call runs in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A new one, on the guests' threads.
    Alone,
    /// As a request's: one that waits for what its principal does next, or a new one, which waits
    /// then; on the caller's thread first.
    Kept,
}

impl Runtime {
    /// Hands a delivery to its recipient: runs `receiver.receive` in an instance that acts for the
    /// identity, which is the recipient's. The caller has checked the recipient's rights. None if
    /// the module has no `receiver`, or is not loaded.
    pub async fn receive(
        &self,
        module: &str,
        tenant: &Arc<Tenant>,
        recipient: Identity,
        parcel: Parcel,
    ) -> Result<Option<Received>, HandleError> {
        use crate::bindings::chapar::host::delivery::Purpose;
        let receives = |module: &Module| module.extras.receiver.is_some();
        let Some(module) = self.loaded(Some(tenant), module, receives) else {
            return Ok(None);
        };
        let parcel = receiver::Parcel {
            sender: parcel.sender,
            purpose: match parcel.purpose {
                Some(DeliveryPurpose::Reply) => Purpose::Reply,
                Some(DeliveryPurpose::Invite) => Purpose::Invite,
                None => Purpose::Question,
            },
            message: parcel.message.into(),
        };
        let call = move |mut instance: Instance| async move {
            let result = take(&mut instance, &parcel).await;
            result.map_err(|error| instance.failure(&error))
        };
        let serving = Some((tenant.clone(), recipient));
        self.call(module, serving, call).await.map(Some)
    }

    /// The module of a tenant that receives what has come for mailboxes of a type, if there is one: the
    /// first, by name, that owns the type and has a `receiver`.
    pub fn receiver_of(&self, tenant: &Tenant, mailbox_type: &str) -> Option<String> {
        let table = self.view(Some(tenant));
        let receives = |name: &str| {
            let module = table.module(name);
            module.is_some_and(|module| module.extras.receiver.is_some())
        };
        let owns = |types: &[String]| types.iter().any(|owned| owned == mailbox_type);
        let mut descriptors = table.descriptors();
        let found = descriptors.find(|it| owns(&it.mailbox_types) && receives(&it.name));
        found.map(|descriptor| descriptor.name.clone())
    }

    /// The types of mailboxes that a module of a tenant owns.
    pub fn owned_types(&self, tenant: &Tenant, module: &str) -> Vec<String> {
        let table = self.view(Some(tenant));
        let mut descriptors = table.descriptors();
        let found = descriptors.find(|descriptor| descriptor.name == module);
        found.map(|it| it.mailbox_types.clone()).unwrap_or_default()
    }

    /// Fires a timer of the identity's principal. Says whether the module has an `alarm`.
    pub async fn fire(
        &self,
        module: &str,
        tenant: &Arc<Tenant>,
        identity: Identity,
        name: String,
        due: Instant,
        token: Bytes,
    ) -> Result<bool, HandleError> {
        let fires = |module: &Module| module.extras.alarm.is_some();
        let Some(module) = self.loaded(Some(tenant), module, fires) else {
            return Ok(false);
        };
        let call = move |mut instance: Instance| async move {
            let result = fire(&mut instance, &name, due, &token).await;
            result.map_err(|error| instance.failure(&error))
        };
        let serving = Some((tenant.clone(), identity));
        self.call(module, serving, call).await.map(|()| true)
    }

    /// Returns the module's properties of a principal, as the identity may see them.
    pub async fn properties(
        &self,
        module: &str,
        tenant: &Arc<Tenant>,
        identity: Identity,
        principal: String,
    ) -> Result<Vec<Property>, HandleError> {
        let describes = |module: &Module| module.extras.principal.is_some();
        let Some(module) = self.loaded(Some(tenant), module, describes) else {
            return Ok(Vec::new());
        };
        let call = move |mut instance: Instance| async move {
            let result = describe(&mut instance, &principal).await;
            result.map_err(|error| instance.failure(&error))
        };
        let serving = Some((tenant.clone(), identity));
        let properties: Vec<principal::Property> = self.call(module, serving, call).await?;
        Ok(properties
            .into_iter()
            .map(|property| Property {
                namespace: property.namespace,
                name: property.name,
                value: property.value,
            })
            .collect())
    }

    /// A module of a tenant, or of any, that has an export.
    pub(crate) fn loaded(
        &self,
        tenant: Option<&Tenant>,
        name: &str,
        has: impl Fn(&Module) -> bool,
    ) -> Option<Arc<Module>> {
        let table = self.view(tenant);
        table.module(name).filter(|module| has(module)).cloned()
    }

    /// Calls into a new instance that serves a principal, on the guests' threads.
    async fn call<T: Send + 'static, F>(
        &self,
        module: Arc<Module>,
        serving: Option<(Arc<Tenant>, Identity)>,
        call: impl FnOnce(Instance) -> F + Send + 'static,
    ) -> Result<T, HandleError>
    where
        F: Future<Output = Result<T, HandleError>> + Send + 'static,
    {
        let tenant = serving.as_ref().map(|(tenant, _)| tenant.clone());
        let account = module.facts.name.clone();
        self.call_for(tenant.as_deref(), &account, module, serving, call)
            .await
    }

    /// Calls into a new instance, at the cost of an account of a tenant, whomever it serves.
    pub(crate) async fn call_for<T: Send + 'static, F>(
        &self,
        tenant: Option<&Tenant>,
        account: &str,
        module: Arc<Module>,
        serving: Option<(Arc<Tenant>, Identity)>,
        call: impl FnOnce(Instance) -> F + Send + 'static,
    ) -> Result<T, HandleError>
    where
        F: Future<Output = Result<T, HandleError>> + Send + 'static,
    {
        let call = |instance| async { Ok((None, call(instance).await?)) };
        self.call_in(tenant, account, module, (serving, Kind::Alone), call)
            .await
    }

    /// Calls into an instance, of this kind, which is kept if the call gives it back.
    pub(crate) async fn call_in<T: Send + 'static, F>(
        &self,
        tenant: Option<&Tenant>,
        account: &str,
        module: Arc<Module>,
        (serving, kind): (Option<(Arc<Tenant>, Identity)>, Kind),
        call: impl FnOnce(Instance) -> F + Send + 'static,
    ) -> Result<T, HandleError>
    where
        F: Future<Output = Result<(Option<Instance>, T), HandleError>> + Send + 'static,
    {
        let name = module.facts.name.clone();
        let asked_for = tenant.map_or_else(String::new, |tenant| tenant.name.clone());
        let account = self.shared.accounts.of(tenant, account);
        let tally = account.admit(&module)?;
        let bounds = self.bounds(tenant, &name);
        let place = match self.place(&account, &name).await {
            Ok((place, _)) => place,
            Err(error) => {
                tally.failed(&asked_for, &error);
                return Err(error);
            }
        };
        let (sender, mut receiver) = oneshot::channel();
        let meter = Meter::new(bounds.cpu_max);
        let bill = Bill {
            shared: self.shared.clone(),
            account: account.clone(),
            meter: meter.clone(),
        };
        let shared = self.shared.clone();
        let current = Current {
            table: self.view(tenant),
            reply: None,
            asking: None,
        };
        let work = async move {
            let waiting = match (&serving, kind) {
                (Some((tenant, identity)), Kind::Kept) => {
                    shared.warm.take(&module, tenant, identity)
                }
                _ => None,
            };
            let serving = serving.map(|(tenant, identity)| Serving {
                module: module.facts.clone(),
                tenant,
                identity,
            });
            let called = async {
                let mut instance = match waiting {
                    Some(instance) => instance,
                    None => {
                        let made = make(&shared, &module, serving, bounds, &meter);
                        let mut instance = made.await?;
                        instance.alive = Some(Alive::new(account));
                        instance
                    }
                };
                instance.begin(current, meter.clone());
                call(instance).await
            };
            let result = metered(&meter, storage::session(called)).await;
            match &result {
                Ok(_) => tally.answered(),
                Err(error) => tally.failed(&asked_for, error),
            }
            // Given back before the answer goes out, so that what comes next finds it.
            let mut gone = Vec::new();
            let result = result.map(|(instance, value)| {
                if let Some(mut instance) = instance
                    && instance.end()
                {
                    gone = shared.warm.put(instance);
                }
                value
            });
            // Whoever asked may have gone.
            let _ = sender.send(result);
            drop((gone, place));
        };
        let mut run = match kind {
            Kind::Alone => Run::there(Box::pin(work), bill),
            Kind::Kept => Run::new(Box::pin(work), bill),
        };
        let result = poll_fn(|cx| {
            run.poll(cx);
            Pin::new(&mut receiver).poll(cx)
        });
        let result = result.await;
        run.detach();
        result.unwrap_or_else(|_| {
            Err(HandleError::Trapped {
                module: name,
                reason: "it ended without an answer".to_owned(),
            })
        })
    }
}

/// Hands a parcel to the receiver of an instance.
pub(crate) async fn take(
    instance: &mut Instance,
    parcel: &receiver::Parcel,
) -> wasmtime::Result<Received> {
    let module = instance.module.clone();
    let store = &mut instance.store;
    let guest = found(&module.extras.receiver)?.load(&mut *store, &instance.instance)?;
    Ok(match guest.call_receive(&mut *store, parcel).await? {
        Ok(answer) => Received::Taken(answer.map(Bytes::from)),
        Err(receiver::Refusal::Later(why)) => Received::Later(why),
        Err(receiver::Refusal::Never(why)) => Received::Never(why),
    })
}

async fn fire(
    instance: &mut Instance,
    name: &str,
    due: Instant,
    token: &Bytes,
) -> wasmtime::Result<()> {
    let module = instance.module.clone();
    let store = &mut instance.store;
    let guest = found(&module.extras.alarm)?.load(&mut *store, &instance.instance)?;
    guest.call_fire(&mut *store, name, due, token).await
}

#[allow(clippy::ptr_arg)] // The generated call takes it so.
async fn describe(
    instance: &mut Instance,
    principal: &String,
) -> wasmtime::Result<Vec<principal::Property>> {
    let module = instance.module.clone();
    let store = &mut instance.store;
    let guest = found(&module.extras.principal)?.load(&mut *store, &instance.instance)?;
    guest.call_properties(&mut *store, principal).await
}

pub(crate) fn found<T>(indices: &Option<T>) -> wasmtime::Result<&T> {
    indices
        .as_ref()
        .ok_or_else(|| wasmtime::format_err!("the export is not there any more"))
}
