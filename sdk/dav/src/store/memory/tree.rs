//! What the store in memory does with whole collections.

use super::commit::Work;
use crate::store::{Operation, Refusal, Store};
use crate::{Path, Rights};
impl Work<'_> {
    /// Does an operation on a collection.
    pub(super) fn run_on_collection(&mut self, operation: Operation) -> Result<(), Refusal> {
        match operation {
            Operation::RemoveTree { path } => {
                self.need(&path, Rights::DELETE)?;
                self.need_locks(&path)?;
                self.remove_tree(&path)?;
            }
            Operation::MakeCollection { path, kind } => {
                self.free(&path)?;
                let parent = path.parent().ok_or(Refusal::Exists)?;
                self.need(&parent, Rights::CREATE)?;
                let now = self.memory.now();
                self.state.make(path, &kind, self.user, Vec::new(), now);
            }
            Operation::CopyTree { from, to, deep } => self.copy_tree(&from, &to, deep)?,
            Operation::MoveTree { from, to } => {
                self.need(&from, Rights::DELETE)?;
                self.need_locks(&from)?;
                self.copy_tree(&from, &to, true)?;
                self.remove_tree(&from)?;
            }
            Operation::SetAcl { path, acl } => {
                self.need(&path, Rights::ADMINISTER)?;
                let node = self
                    .state
                    .collections
                    .get_mut(&path)
                    .ok_or(Refusal::NotFound)?;
                node.acl = acl;
            }
            _ => return Err(Refusal::Unsupported("an extension")),
        }
        Ok(())
    }

    fn remove_tree(&mut self, path: &Path) -> Result<(), Refusal> {
        if path.parts().is_empty() || !self.state.collections.contains_key(path) {
            return Err(Refusal::NotFound);
        }
        self.state.counter += 1;
        let now = self.memory.now();
        self.state.bury(path.clone(), true, now);
        self.state
            .collections
            .retain(|inner, _| !inner.is_within(path));
        self.state.locks.retain(|lock| !lock.root.is_within(path));
        Ok(())
    }

    fn copy_tree(&mut self, from: &Path, to: &Path, deep: bool) -> Result<(), Refusal> {
        self.free(to)?;
        self.need(&to.parent().ok_or(Refusal::ParentMissing)?, Rights::CREATE)?;
        let now = self.memory.now();
        let mut copies: Vec<_> = self
            .state
            .collections
            .iter()
            .filter(|(path, _)| {
                if deep {
                    path.is_within(from)
                } else {
                    *path == from
                }
            })
            .map(|(path, node)| (path.clone(), node.clone()))
            .collect();
        for (path, node) in &mut copies {
            let inner = path.strip(from).unwrap_or_default().to_vec();
            let target = inner.iter().fold(to.clone(), |path, part| path.join(part));
            self.state
                .make(target.clone(), &node.kind, self.user, Vec::new(), now);
            let counter = self.state.counter;
            if let Some(made) = self.state.collections.get_mut(&target) {
                made.stored = std::mem::take(&mut node.stored);
                if deep {
                    made.members = std::mem::take(&mut node.members);
                    made.members
                        .values_mut()
                        .for_each(|member| member.state = counter);
                }
            }
        }
        Ok(())
    }
}
