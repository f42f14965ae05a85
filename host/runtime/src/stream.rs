//! The body of an answer that a module writes while it runs: a bounded channel from the guest's
//! thread to the connection's.

use crate::HandleError;
use crate::state::ModuleFacts;
use bytes::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Pieces that may wait for the client.
const PIECES: usize = 4;
/// The biggest piece.
const PIECE_MAX: usize = 64 << 10;

/// The body that the caller gets.
pub(crate) type BodyOut =
    Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, HandleError>> + Send>>;

enum Piece {
    Bytes(Bytes),
    End,
    Failed(HandleError),
}

/// The module's end.
pub(crate) struct PieceSender(mpsc::Sender<Piece>);

/// The client has gone.
pub(crate) struct Gone;

impl PieceSender {
    /// Sends bytes; waits while too many pieces wait already.
    pub(crate) async fn send(&mut self, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE_MAX));
            self.0.send(Piece::Bytes(piece)).await.map_err(|_| Gone)?;
        }
        if self.0.is_closed() {
            return Err(Gone);
        }
        Ok(())
    }

    /// Ends the body well.
    pub(crate) async fn end(self) {
        // Whether anyone still listens makes no difference now.
        let _ = self.0.send(Piece::End).await;
    }

    /// Breaks the body off, for a reason that the log should have.
    pub(crate) async fn fail(self, error: HandleError) {
        let _ = self.0.send(Piece::Failed(error)).await;
    }
}

/// Makes a body and what writes it.
pub(crate) fn channel(module: Arc<ModuleFacts>) -> (PieceSender, BodyOut) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let body = futures_util::stream::unfold(Some(receiver), move |receiver| {
        let module = module.clone();
        async move {
            let mut receiver = receiver?;
            match receiver.recv().await {
                Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(receiver))),
                Some(Piece::End) => None,
                Some(Piece::Failed(error)) => Some((Err(error), None)),
                None => Some((Err(unfinished(&module)), None)),
            }
        }
    });
    (PieceSender(sender), Box::pin(body))
}

fn unfinished(module: &ModuleFacts) -> HandleError {
    HandleError::Trapped {
        module: module.name.clone(),
        reason: "it did not finish the answer that it had begun".to_owned(),
    }
}
