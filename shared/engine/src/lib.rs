//! Ports and the flows over them: sweep, restore, alert, admin.
