//! How threads that guests run on give way to those that serve: the kernel gives them less of a
//! processor that is wanted by both, and takes it from them as soon as another thread wants to run.

/// A step is about a fifth of the processor's time: of one that is always wanted, guests have 3 %.
const NICE: i32 = 15;

/// How long a thread wants to go on, in nanoseconds: the most that Linux takes. Whoever wants to for
/// less may interrupt it as soon as it wakes; between equals, the one that runs goes on for up to 3 ms.
const SLICE: u64 = 100_000_000;

/// Has this thread give way: on Linux each has its own priority.
pub(crate) fn give_way() {
    // Linux knows slices since 6.12, and before ignores that field.
    let error = match set(NICE, SLICE) {
        Ok(()) => return,
        Err(error) => error,
    };
    tracing::debug!("guests are not interrupted by whoever wants to run: {error}");
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!("guests run at the priority of everything else: {error}");
    }
}

/// `struct sched_attr` in its first form, which all versions of Linux take. sched_setattr(2).
#[cfg(target_os = "linux")]
#[repr(C)]
struct Attributes {
    size: u32,
    /// 0 is `SCHED_OTHER`.
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    /// Nanoseconds; of `SCHED_OTHER` the slice that is asked for.
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Sets the priority and the slice of this thread.
#[cfg(target_os = "linux")]
fn set(nice: i32, slice: u64) -> std::io::Result<()> {
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: 0,
        flags: 0,
        nice,
        priority: 0,
        runtime: slice,
        deadline: 0,
        period: 0,
    };
    // SAFETY: the call reads `size` bytes from where it is pointed to, which the structure has, and
    // keeps nothing of them. Thread 0 is this one.
    #[allow(unsafe_code)]
    let failed = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    match failed {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Sets nothing.
#[cfg(not(target_os = "linux"))]
fn set(_: i32, _: u64) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn this_thread_alone_gives_way() {
        let before = rustix::process::getpriority_process(None).unwrap();
        let after = std::thread::spawn(|| {
            give_way();
            rustix::process::getpriority_process(None).unwrap()
        });
        assert_eq!(after.join().unwrap(), NICE);
        let now = rustix::process::getpriority_process(None).unwrap();
        assert_eq!(now, before);
    }
}
