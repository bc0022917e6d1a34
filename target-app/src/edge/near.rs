//! Which targets are near a user, and what the way to the others costs.
//!
//! The edge stands for the names and routes by which users of each region get to the nearest data
//! centre. There is one process of it; a user's region is what the request says.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Regions;

pub(super) const X_PREFER_ZONE: HeaderName = HeaderName::from_static("x-prefer-zone");
const X_REGION: HeaderName = HeaderName::from_static("x-region");

/// What a request says of where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Origin {
    zone: Option<HeaderValue>,
    region: Option<HeaderValue>,
}

impl Origin {
    /// `x-prefer-zone: b`, `x-region: west`.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            zone: headers.get(X_PREFER_ZONE).cloned(),
            region: headers.get(X_REGION).cloned(),
        }
    }

    /// Whether a target of this zone is to be asked before others; nothing where none is.
    pub(super) fn prefers(&self, zone: &str, regions: Option<&Regions>) -> Option<bool> {
        let wanted = self.zone.as_ref().map(|wanted| wanted == zone);
        wanted.or_else(|| self.is_near(zone, regions?))
    }

    /// What the way to a target of this zone takes, and the way back again.
    pub(super) fn way_to(&self, zone: &str, regions: Option<&Regions>) -> Duration {
        let far = regions.filter(|regions| self.is_near(zone, regions) == Some(false));
        far.map_or(Duration::ZERO, |far| Duration::from_millis(far.distance_ms))
    }

    /// Whether the zone is in the user's region; nothing for users of no known region.
    fn is_near(&self, zone: &str, regions: &Regions) -> Option<bool> {
        let own = self.region.as_ref()?;
        let is_known = regions.of_zone.values().any(|region| own == region);
        let region = regions.of_zone.get(zone)?;
        is_known.then(|| own == region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_prefer_their_region_and_pay_for_the_way_to_another() {
        let of_zone =
            [("a", "east"), ("b", "west")].map(|(zone, region)| (zone.into(), region.into()));
        let regions = Regions {
            of_zone: of_zone.into(),
            distance_ms: 30,
        };
        let from = |name, value| {
            Origin::of(&HeaderMap::from_iter([(
                name,
                HeaderValue::from_static(value),
            )]))
        };
        let west = from(X_REGION, "west");
        assert_eq!(west.prefers("b", Some(&regions)), Some(true));
        assert_eq!(west.prefers("a", Some(&regions)), Some(false));
        assert_eq!(west.way_to("b", Some(&regions)), Duration::ZERO);
        assert_eq!(west.way_to("a", Some(&regions)), Duration::from_millis(30));
        assert_eq!(west.prefers("a", None), None);
        for lost in [from(X_REGION, "north"), Origin::default()] {
            assert_eq!(lost.prefers("a", Some(&regions)), None);
            assert_eq!(lost.way_to("a", Some(&regions)), Duration::ZERO);
        }
        let zone = from(X_PREFER_ZONE, "a");
        assert_eq!(zone.prefers("a", None), Some(true));
    }
}
