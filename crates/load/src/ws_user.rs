//! A virtual user with one WebSocket connection: the steps of its flow.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use scenario::{Span, Step};
use tokio::time::timeout;

use crate::cause::Cause;
use crate::session::{Session, Walk};
use crate::websocket::{Connection, Frame, Opening};

pub(crate) struct WebSocketUser<'u, 'a> {
    session: &'u mut Session<'a>,
    connection: Connection,
}

impl<'u, 'a> WebSocketUser<'u, 'a> {
    pub(crate) async fn connect(session: &'u mut Session<'a>) -> Result<Self, Cause> {
        let headers = headers(session)?;
        let path = session.target.path();
        let opening = Opening {
            transport: session.transport,
            target: session.target,
            proxy: None,
            compress: false,
            path: if path.is_empty() { "/" } else { path },
            headers,
            within: session.script.settings.timeout,
        };
        let connection = Connection::open(opening).await?;
        Ok(Self {
            session,
            connection,
        })
    }

    /// Goes through the flow, then closes the connection and waits until the server has, too.
    pub(crate) async fn perform(mut self, flow: &[Step]) -> Result<(), Cause> {
        let mut walk = Walk::new(flow);
        let meter = self.session.meter;
        while let Some(step) = walk.next(&mut self.session.scope) {
            match step {
                Step::Send(send) => {
                    let value = send.payload.value(&mut self.session.scope);
                    let text = value.as_ref().map(scenario::value::text);
                    let text = text.unwrap_or_default().into_owned();
                    let limit = self.session.script.settings.timeout;
                    let sent = self.connection.send(Frame::Text(text.into()), limit, |_| {
                        meter.message_received();
                    });
                    sent.await?;
                    meter.message_sent();
                }
                Step::Think(think) => {
                    if let Span::Fixed(span) = think.span {
                        self.listen(span).await?;
                    }
                }
                _ => {}
            }
        }
        self.connection.close(|_| meter.message_received()).await
    }

    /// Takes in what comes for so long.
    async fn listen(&mut self, span: Duration) -> Result<(), Cause> {
        let listening = async {
            loop {
                self.connection.next().await?;
                self.session.meter.message_received();
            }
        };
        timeout(span, listening).await.unwrap_or(Ok(()))
    }
}

fn headers(session: &mut Session<'_>) -> Result<HeaderMap, Cause> {
    let mut headers = HeaderMap::new();
    for (name, value) in &session.script.settings.ws.headers {
        let value = value.render(&mut session.scope);
        let parsed = HeaderName::try_from(name.as_str()).ok();
        let parsed = parsed.zip(HeaderValue::try_from(&*value).ok());
        let (name, value) =
            parsed.ok_or_else(|| Cause(format!("`{name}: {value}` is no header")))?;
        headers.append(name, value);
    }
    Ok(headers)
}
