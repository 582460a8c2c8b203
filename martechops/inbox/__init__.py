"""Messages that wait for a contact inside the product it uses; runtime puts them, the site's widget asks for them."""
