//! Clients of outside directories on the Http port; today Crowd's rename.
