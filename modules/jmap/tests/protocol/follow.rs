//! A client that follows changes has what one has that fetches everything.
