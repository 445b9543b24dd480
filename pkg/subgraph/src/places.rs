use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reel_error::ErrorCode;
use reel_id::UserId;

/// A bounded number of places for what takes long, such as uploads: for everybody together, and of these for each
/// person. So no one person can take them all. Nobody waits for a place. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// For everybody together.
    all: usize,
    /// For one person.
    each: usize,
    taken: Mutex<Taken>,
}

/// Who has how many; people without one are not in the map, so it is no larger than the number of places.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    each: HashMap<UserId, usize>,
}

/// A place. Dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    places: Places,
    person: UserId,
}

impl Places {
    /// Places for `all` together, of which one person may have `each`.
    pub fn new(all: usize, each: usize) -> Self {
        Self(Arc::new(Shared { all, each, taken: Mutex::default() }))
    }

    /// Takes a place for this person.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] when the person has as many as they may, [`ErrorCode::Overloaded`] when all are taken.
    pub fn take(&self, person: UserId) -> Result<Place, ErrorCode> {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.each.get(&person).copied().unwrap_or_default();
        if own >= self.0.each {
            return Err(ErrorCode::RateLimited);
        }
        if taken.all >= self.0.all {
            return Err(ErrorCode::Overloaded);
        }
        taken.all += 1;
        taken.each.insert(person, own + 1);
        Ok(Place { places: self.clone(), person })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let left = taken.each.remove(&self.person).unwrap_or_default() - 1;
        if left > 0 {
            taken.each.insert(self.person, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_cannot_take_all_places_and_what_is_given_back_can_be_taken_again() {
        let places = Places::new(3, 2);
        let [ana, ben, cai] = [1, 2, 3].map(UserId::from);
        let held = [places.take(ana), places.take(ana)];
        assert!(held.iter().all(Result::is_ok));
        assert_eq!(places.take(ana).err(), Some(ErrorCode::RateLimited));
        let last = places.take(ben);
        assert!(last.is_ok());
        assert_eq!(places.take(cai).err(), Some(ErrorCode::Overloaded));
        drop(last);
        assert!(places.take(cai).is_ok());
        drop(held);
        assert!(places.take(ana).is_ok());
        assert!(places.0.taken.lock().is_ok_and(|taken| taken.all == 0 && taken.each.is_empty()));
    }
}
