//! Whether the alerts page on three bad days after an ordinary week. Python looks at Prometheus' history of what `/metrics`
//! said, so where dozvon's data lay makes no difference: once is enough.

use crate::boards::passes;

#[test]
#[ignore = "needs Python with gRPC and Prometheus: run tests/run"]
fn no_bad_day_after_an_ordinary_week_is_missed() {
    let programs = ["DOZVON_TEST_PROMETHEUS", "DOZVON_TEST_PROMTOOL"];
    passes("alerts_week.py", &programs);
}
