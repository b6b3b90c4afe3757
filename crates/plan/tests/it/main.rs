//! The tests of the room, one module for each of its parts.

mod edits;
mod expansions;
mod explain;
mod expression_clusters;
mod expression_syntax;
mod fleet_mistakes;
mod fleet_order;
mod fleet_placement;
mod fleets;
mod incremental;
mod queries;
mod renames;
mod render_alone;
mod render_flux;
mod render_golden;
mod render_laws;
mod render_manifests;
mod render_overlays;
mod rendering;
mod template;
mod values;
