//! Which queues there are: those that anybody entered, or that turned anybody away.

use std::collections::HashSet;

use crate::model::{Body, CallEvent, Event, QueueId};

/// Notes a queue when it is first told of, so that a report can name it. One that turns every call away is a queue as well:
/// its calls are asked for by its name.
pub(super) fn know(event: &Event, known: &mut HashSet<QueueId>, new: &mut Vec<QueueId>) {
    if let Body::Call {
        event:
            CallEvent::QueueEntered { queue, .. }
            | CallEvent::Refused {
                queue: Some(queue), ..
            },
        ..
    } = &event.body
        && !known.contains(queue)
    {
        known.insert(queue.clone());
        new.push(queue.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallId, RefusalReason, Timestamp};

    fn of(event: CallEvent) -> Event {
        Event {
            sequence: 1,
            occurred_at: Timestamp::default(),
            ahead: false,
            body: Body::Call {
                call: CallId::new("1"),
                event,
            },
        }
    }

    fn refused(queue: Option<&str>) -> Event {
        of(CallEvent::Refused {
            reason: RefusalReason::Full,
            line: None,
            queue: queue.map(QueueId::new),
        })
    }

    #[test]
    fn a_queue_that_only_refuses_is_known() {
        let entered = of(CallEvent::QueueEntered {
            queue: QueueId::new("jobs"),
            position: 1,
            priority: 0,
        });
        let (mut known, mut new) = (HashSet::new(), Vec::new());
        for event in [
            &refused(None),
            &refused(Some("shut")),
            &entered,
            &refused(Some("jobs")),
        ] {
            know(event, &mut known, &mut new);
        }
        assert_eq!(new, ["shut", "jobs"].map(QueueId::new));
        assert_eq!(known.len(), 2);
    }
}
