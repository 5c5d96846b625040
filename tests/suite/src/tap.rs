//! What stands between a runner and its ports: it counts the calls, can end the runner's life before or after one of
//! them, and can give other runners a turn.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

/// On which side of a call the runner dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The call was never made.
    Before,
    /// The call was made and nobody read its result.
    After,
}

/// Somebody who is told of each call after it was made and may change the world then, behind the product's back.
#[derive(Default)]
struct Watcher(Option<Watch>);

type Watch = Box<dyn Fn(&str)>;

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "watched" } else { "unwatched" })
    }
}

/// Counts the port calls of one or more runners.
#[derive(Debug, Default)]
pub struct Tap {
    calls: RefCell<Vec<String>>,
    death: Cell<Option<(usize, When)>>,
    dead: Cell<bool>,
    watcher: Watcher,
    /// State of the little generator that decides how often others get a turn; 0 means never.
    turns: Cell<u64>,
}

impl Tap {
    /// Dies at the call with this number, counted from 0.
    pub fn dying_at(call: usize, when: When) -> Self {
        let tap = Self::default();
        tap.death.set(Some((call, when)));
        tap
    }

    /// Lets others take turns around each call, in an order that depends on the seed.
    pub fn taking_turns(seed: u64) -> Self {
        let tap = Self::default();
        tap.turns.set(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        tap
    }

    /// Tells somebody of each call just after it was made.
    pub fn watched(watcher: impl Fn(&str) + 'static) -> Self {
        Self { watcher: Watcher(Some(Box::new(watcher))), ..Self::default() }
    }

    /// The calls so far, such as `get checkpoint` or `DELETE /rest/…`.
    pub fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }

    /// Whether the runner died.
    pub fn is_dead(&self) -> bool {
        self.dead.get()
    }

    /// Makes a call.
    pub async fn call<T>(&self, name: String, effect: impl Future<Output = T>) -> T {
        self.turn().await;
        let number = self.calls.borrow().len();
        self.calls.borrow_mut().push(name.clone());
        self.die(number, When::Before).await;
        let result = effect.await;
        if let Some(watcher) = &self.watcher.0 {
            watcher(&name);
        }
        self.die(number, When::After).await;
        self.turn().await;
        result
    }

    async fn die(&self, number: usize, when: When) {
        if self.death.get() == Some((number, when)) {
            self.dead.set(true);
            pending::<()>().await;
        }
    }

    async fn turn(&self) {
        let state = self.turns.get();
        if state == 0 {
            return;
        }
        // Xorshift: cheap, and the same for the same seed.
        let mut next = state;
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        self.turns.set(next);
        for _ in 0..next % 4 {
            give_way().await;
        }
    }
}

/// Gives other futures a turn.
pub async fn give_way() {
    let mut given = false;
    poll_fn(|context| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// How a driven future ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drive<T> {
    /// With a result.
    Done(T),
    /// The runner died; nothing after that call happened.
    Died,
}

impl<T> Drive<T> {
    /// The result of a runner that was not meant to die.
    pub fn done(self) -> T {
        match self {
            Self::Done(value) => Some(value),
            Self::Died => None,
        }
        .unwrap()
    }
}

/// Runs a future until it ends or its runner dies; then it is dropped, as a killed instance is.
pub fn drive<T>(tap: &Tap, future: impl Future<Output = T>) -> Drive<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Drive::Done(value);
        }
        if tap.is_dead() {
            return Drive::Died;
        }
    }
}

/// Repeats a step, as a timer, a sender or a person would, until it is through. A crash leaves its lease behind, so time
/// passes before the next try.
pub fn insist<T>(lab: &crate::Lab, tap: &Tap, mut step: impl FnMut(&Tap) -> Drive<T>) -> T {
    let calm = Tap::default();
    let mut tap = tap;
    loop {
        match step(tap) {
            Drive::Done(value) => return value,
            Drive::Died => {
                lab.pass(chrono::TimeDelta::minutes(2));
                tap = &calm;
            }
        }
    }
}
