//! Where the services of a shop listen: on standard ports, on free ones, or under names in memory.

use chassis::run::loopback;
use http::uri::Authority;
use incident::Service;

#[derive(Clone, Debug)]
pub struct Addresses {
    pub web_front: Authority,
    pub cache: Authority,
    pub content_store: Authority,
    /// The operator ports of cache, content store and web front, and their token; `None` opens no operator port.
    pub operators: Option<Operators>,
}

/// Operator ports and the token that they ask for.
#[derive(Clone, Debug)]
pub struct Operators {
    pub cache: Authority,
    pub content_store: Authority,
    pub web_front: Authority,
    pub token: String,
}

impl Addresses {
    pub fn standard() -> Self {
        Self::loopback([web_front::PORTS.service, cache::PORTS.service, content_store::PORTS.service])
    }

    /// Free ports on loopback, different each time.
    pub fn free() -> Self {
        Self::loopback([0; 3])
    }

    pub fn in_memory() -> Self {
        let name = |name| Authority::from_static(name);
        Self {
            web_front: name("web-front:80"),
            cache: name("cache:80"),
            content_store: name("content-store:80"),
            operators: None,
        }
    }

    pub fn of(&self, service: Service) -> &Authority {
        match service {
            Service::ContentStore => &self.content_store,
            Service::Cache => &self.cache,
            Service::WebFront => &self.web_front,
        }
    }

    fn loopback([web_front, cache, content_store]: [u16; 3]) -> Self {
        let [web_front, cache, content_store] = [web_front, cache, content_store].map(loopback);
        Self { web_front, cache, content_store, operators: None }
    }
}
