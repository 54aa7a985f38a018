//! Whether there is room for the next snapshot: the kernel must not end the service for one.

use probe::{Forecast, Inspector};
use recording::{Event, MAIN};

use crate::Error;
use crate::stages::Conductor;

impl Conductor<'_, '_> {
    /// Says what a snapshot costs, before there is any load and any profile: objects may be counted.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if a snapshot of an isolate may not fit.
    pub(crate) async fn foresee(&self) -> Result<(), Error> {
        let folder = self.folder.path();
        let main = Forecast::of(&self.inspector, Some(self.pid), folder).await?;
        self.tell(&Event::SnapshotForecast(main.brief()))?;
        self.keep_forecast(MAIN, main)?;
        for (name, pid, inspector) in self.others() {
            // One that has just ended takes no room.
            if let Ok(forecast) = Forecast::of(&inspector, Some(pid), folder).await {
                self.keep_forecast(&name, forecast)?;
            }
        }
        Ok(())
    }

    /// Looks again, without counting: every isolate as it is now.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if a snapshot of one may not fit.
    pub(crate) async fn check_room(&self) -> Result<(), Error> {
        let folder = self.folder.path();
        let main = Forecast::at_most(&self.inspector, Some(self.pid), folder).await?;
        self.keep_forecast(MAIN, main)?;
        for (name, pid, inspector) in self.others() {
            if let Ok(forecast) = Forecast::at_most(&inspector, Some(pid), folder).await {
                self.keep_forecast(&name, forecast)?;
            }
        }
        Ok(())
    }

    /// A snapshot of the main isolate had so many nodes.
    pub(crate) fn counted_nodes(&self, nodes: u64) {
        if let Some(forecast) = self.forecasts.borrow_mut().get_mut(MAIN) {
            *forecast = forecast.clone().with_nodes(nodes);
        }
    }

    fn others(&self) -> Vec<(String, u32, Inspector)> {
        let isolates = self.isolates.borrow();
        let all = isolates.each();
        all.map(|(facts, inspector)| (facts.name.clone(), facts.pid, inspector.clone()))
            .collect()
    }

    fn keep_forecast(&self, name: &str, forecast: Forecast) -> Result<(), Error> {
        let mut all = self.forecasts.borrow_mut();
        let forecast = match all.get(name) {
            Some(earlier) => forecast.knowing(earlier),
            None => forecast,
        };
        all.insert(name.to_owned(), forecast.clone());
        match forecast.lack() {
            Some(lack) if !self.order.force => Err(Error::NoRoom {
                lack,
                forecast: forecast.to_string(),
            }),
            _ => Ok(()),
        }
    }
}
