//! What answers one request, wherever it runs.

use crate::account::{Account, Accounts, Alive, Tally};
use crate::gate::{Gate, Party, Permit};
use crate::guests::Places;
use crate::instance::{Bounds, Instance, Outcome};
use crate::limits::{Ceiling, Meter, metered};
use crate::load::Module;
use crate::module::Mount;
use crate::state::{Asking, Current, Serving};
use crate::table::ModuleTable;
use crate::warm::Warm;
use crate::{Answer, HandleError, Identity, Request, Tenant};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) warm: Warm,
    pub(crate) ceiling: Ceiling,
    pub(crate) places: Places,
    /// Room for instances: as many as may live at once.
    pub(crate) instances: Arc<Gate>,
    pub(crate) accounts: Accounts,
    /// Who may have any number of places.
    pub(crate) anyone: Arc<Party>,
}

/// One request.
pub(crate) struct Job {
    pub(crate) shared: Arc<Shared>,
    pub(crate) module: Arc<Module>,
    pub(crate) table: Arc<ModuleTable>,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) identity: Identity,
    pub(crate) mount: Arc<Mount>,
    pub(crate) request: Request,
    pub(crate) reply: oneshot::Sender<Result<Answer, HandleError>>,
    /// Room for one instance, given back at the end.
    pub(crate) place: Permit,
    pub(crate) meter: Arc<Meter>,
    pub(crate) bounds: Bounds,
    pub(crate) account: Arc<Account>,
    pub(crate) tally: Tally,
}

/// Answers a request in a warm instance or a new one.
pub(crate) async fn serve(job: Job) {
    let Job {
        shared,
        module,
        tenant,
        reply,
        meter,
        tally,
        account,
        ..
    } = job;
    let instance = match shared.warm.take(&module, &tenant, &job.identity) {
        Some(instance) => Ok(instance),
        None => {
            let serving = Serving {
                module: module.facts.clone(),
                tenant: tenant.clone(),
                identity: job.identity,
            };
            let made = make(&shared, &module, Some(serving), job.bounds, &meter);
            metered(&meter, made).await.map(|mut instance| {
                instance.alive = Some(Alive::new(account.clone()));
                instance
            })
        }
    };
    let mut instance = match instance {
        Ok(instance) => instance,
        Err(error) => {
            tally.failed(&tenant.name, &error);
            // Whoever asked may have gone.
            let _ = reply.send(Err(error));
            return;
        }
    };
    let current = Current {
        table: job.table,
        reply: Some(reply),
        asking: Some(Asking {
            shared: shared.clone(),
            module,
            bounds: job.bounds,
            account,
        }),
    };
    let answered = instance.answer(&job.mount.path, job.request, current, meter.clone());
    let outcome = match metered(&meter, storage::session(answered)).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tally.failed(&tenant.name, &error);
            fail(instance, error).await;
            return;
        }
    };
    tally.answered();
    // Given back before the answer goes out, so that the client's next request finds it; what is
    // not kept is taken apart after.
    let gone = if instance.end() {
        shared.warm.put(instance)
    } else {
        vec![instance]
    };
    match outcome {
        Outcome::Reply(reply, mut answer) => {
            answer.cpu = meter.used();
            let _ = reply.send(Ok(answer));
        }
        Outcome::End(writer) => writer.end().await,
        Outcome::Sent => {}
    }
    drop(gone);
    drop(job.place);
}

/// Makes an instance. Components have different numbers of parts: where there is no room for all
/// of this one's, those that only wait give way.
pub(crate) async fn make(
    shared: &Shared,
    module: &Arc<Module>,
    serving: Option<Serving>,
    bounds: Bounds,
    meter: &Arc<Meter>,
) -> Result<Instance, HandleError> {
    loop {
        let made = Instance::new(module.clone(), serving.clone(), bounds, meter.clone()).await;
        match made {
            Err(HandleError::Busy { .. }) if shared.warm.give_way() => {}
            made => return made,
        }
    }
}

/// Tells whoever waits why there is no answer, or no more of it. The instance is dropped.
async fn fail(mut instance: Instance, error: HandleError) {
    let state = instance.store.data_mut();
    let reply = state.current.take().and_then(|current| current.reply);
    let writer = state.handles.take_writer();
    drop(instance);
    match (reply, writer) {
        // Whoever asked may have gone.
        (Some(reply), _) => drop(reply.send(Err(error))),
        (None, Some(writer)) => writer.0.fail(error).await,
        (None, None) => {}
    }
}
