//! How the service is read: brought to rest, collected, and captured, each of its isolates for itself.

use std::time::{Duration, Instant};

use probe::Inspector;
use recording::{Event, Reading};

use crate::Error;
use crate::isolates::Isolates;
use crate::settle::{POLL, Watch, heap_size};
use crate::stages::Conductor;

impl Conductor<'_, '_> {
    /// Collects until nothing moves any more, in any isolate, and reads the main one. Returns what
    /// all of them hold, inside their heaps and outside.
    pub(crate) async fn settle(&self) -> Result<u64, Error> {
        self.settle_within(self.order.limits.settle).await
    }

    /// Likewise, but for so long at most: a service under load does not come to rest.
    pub(crate) async fn settle_within(&self, limit: Duration) -> Result<u64, Error> {
        let mut isolates = self.isolates.take();
        self.look_for(&mut isolates).await?;
        self.tell_of(&mut isolates)?;
        let reading = self.settle_with(&mut isolates, limit).await?;
        self.tell_of(&mut isolates)?;
        let held = heap_size(&reading) + isolates.held();
        self.isolates.replace(isolates);
        self.tell(&Event::Settled(reading))?;
        Ok(held)
    }

    async fn look_for(&self, isolates: &mut Isolates) -> Result<(), Error> {
        let started = Instant::now();
        isolates.look(&self.inspector, self.pid).await;
        let is_before_load = self.sessions_before.get() == 0 && self.snapshots.get() == 0;
        while is_before_load && let Some(waiting_for) = isolates.waits_for(started) {
            self.tell(&Event::Settling { waiting_for })?;
            tokio::time::sleep(POLL).await;
            isolates.look(&self.inspector, self.pid).await;
        }
        Ok(())
    }

    async fn settle_with(
        &self,
        isolates: &mut Isolates,
        limit: Duration,
    ) -> Result<Reading, Error> {
        let started = Instant::now();
        let mut watch = Watch::new(self.baseline_sockets);
        isolates.begin_settling();
        loop {
            collect(&self.inspector).await?;
            let heap = self.inspector.heap_figures().await?;
            let memory = probe::read_memory(self.pid)?;
            let at = self.recorder.borrow().now();
            let reading = Reading {
                at,
                memory,
                heap,
                at_rest: false,
            };
            let waiting = watch.take(reading, Instant::now());
            let waiting = waiting.or(isolates.read(at).await);
            let out_of_time = started.elapsed() >= limit;
            match waiting {
                Some(waiting_for) if !out_of_time => self.tell(&Event::Settling { waiting_for })?,
                _ => return Ok(watch.lowest().unwrap_or(reading)),
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Collects every isolate once; what they hold then, inside their heaps and outside.
    pub(crate) async fn collect(&self) -> Result<u64, Error> {
        collect(&self.inspector).await?;
        let heap = self.inspector.heap_figures().await?;
        let mut isolates = self.isolates.take();
        let of_others = isolates.collect().await;
        self.isolates.replace(isolates);
        Ok(heap.heap_used + heap.external + of_others)
    }

    /// A snapshot of every isolate.
    pub(crate) async fn snapshot(&self, name: &str) -> Result<(), Error> {
        self.count_until_snapshot().await?;
        let number = self.snapshots.replace(self.snapshots.get() + 1);
        let stem = format!("{number}-{name}");
        let path = self.folder.file(&format!("{stem}.heapsnapshot"));
        // A progress line that cannot be written must not cost the snapshot.
        let progress = |done, total| {
            self.counted_nodes(total);
            let _ = self.tell(&Event::SnapshotProgress { done, total });
        };
        let facts = self.inspector.take_snapshot(&path, progress).await?;
        self.tell(&Event::SnapshotTaken(facts))?;
        // An engine that does not answer this is judged by its snapshots alone.
        match self.inspector.container_sizes().await {
            Ok(sizes) => self.tell(&Event::ContainersCounted(sizes))?,
            Err(probe::Error::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let mut isolates = self.isolates.take();
        isolates.snapshots(self.folder, &stem).await?;
        self.tell_of(&mut isolates)?;
        self.isolates.replace(isolates);
        Ok(())
    }

    /// From here on allocations are noted, also those of isolates that begin later.
    pub(crate) async fn start_sampling(&self) -> Result<(), Error> {
        let interval = self.order.limits.sampling_interval;
        self.inspector.start_sampling(interval).await?;
        let mut isolates = self.isolates.take();
        isolates.start_sampling(interval).await;
        self.isolates.replace(isolates);
        Ok(())
    }

    /// Keeps what was noted of allocations that are still alive.
    pub(crate) async fn keep_profiles(&self) -> Result<(), Error> {
        let profile = self.inspector.sampling_profile().await?;
        self.folder.write_profile(recording::MAIN, &profile)?;
        let isolates = self.isolates.take();
        for (facts, inspector) in isolates.each() {
            // One that has just ended is named by its text alone.
            if let Ok(profile) = inspector.sampling_profile().await {
                self.folder.write_profile(&facts.name, &profile)?;
            }
        }
        self.isolates.replace(isolates);
        Ok(())
    }

    /// Ends what there is with the isolates beside the main one.
    pub(crate) async fn leave_isolates(&self) -> Result<(), Error> {
        let mut isolates = self.isolates.take();
        isolates.close().await;
        for warning in isolates.warnings() {
            self.tell(&Event::Warning(warning))?;
        }
        self.isolates.replace(isolates);
        Ok(())
    }

    fn tell_of(&self, isolates: &mut Isolates) -> Result<(), Error> {
        let told = isolates.take_told();
        told.iter().try_for_each(|event| self.tell(event))
    }
}

/// The last-resort collection twice, with turns of the event loop between, so that finalizers run
/// and what they let go is collected too.
pub(crate) async fn collect(inspector: &Inspector) -> Result<(), probe::Error> {
    inspector.collect_garbage().await?;
    inspector.turn_event_loop().await?;
    inspector.collect_garbage().await
}
