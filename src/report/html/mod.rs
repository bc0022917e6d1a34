//! `report.html`.
pub(crate) fn escape(text: &str) -> String {
    text.replace('<', "&lt;")
}
