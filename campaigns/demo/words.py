"""Names for people and companies that do not exist; their addresses end in domains that RFC 2606 keeps for examples."""


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


FIRST_NAMES = _split(
    "Ada|Aisha|Alma|Amir|Ana|Anton|Bea|Björn|Carla|Chidi|Clara|Dario|Diego|Edda|Elif|Emil|Esra|"
    "Farah|Felix|Gita|Hana|Hugo|Ines|Ivo|Jana|João|Jonas|Kaja|Kenji|Lara|Leo|Lin|Luca|Maja|Malik|"
    "Mara|Mateo|Mei|Mila|Nia|Noor|Olga|Omar|Otto|Paula|Pia|Rafael|Renée|Rosa|Sami|Selma|Sofia|"
    "Sven|Tara|Tomás|Uma|Vera|Yara|Yusuf|Zoë"
)

LAST_NAMES = _split(
    "Abara|Adler|Almeida|Bakker|Berg|Bianchi|Castro|Cohen|Costa|Dahl|Demir|Dubois|Eklund|Falk|"
    "Ferrari|Fischer|Garcia|Haddad|Hansen|Horvat|Ito|Jansen|Kaya|Keller|Kim|Kovač|Kowalski|Larsen|"
    "Lindqvist|López|Marino|Meyer|Moreau|Müller|Nakamura|Nguyen|Nowak|Okafor|Okoye|Olsen|Patel|"
    "Pereira|Petrov|Popescu|Ramos|Rossi|Sato|Schmidt|Silva|Singh|Sørensen|Suzuki|Tanaka|Vargas|Visser|"
    "Weber|Wolf|Yilmaz|Zhang|Ziegler"
)

COMPANIES = _split(
    "Alder Logistics|Amberfield Foods|Beacon Dental|Birchway Travel|Bluefin Robotics|Brightwater Energy|"
    "Cobalt Studio|Copperline Rail|Crestview Hotels|Dovetail Furniture|Eastgate Legal|Elmwood Clinics|"
    "Fernhill Software|Foxglove Pharma|Glasshouse Media|Granite Insurance|Harborlight Shipping|"
    "Hazel Analytics|Ironbridge Steel|Juniper Games|Kestrel Aviation|Lantern Learning|Larkspur Retail|"
    "Maplecrest Bank|Meadow Dairy|Northpeak Outdoor|Oakline Builders|Orchard Payments|Pebble Telecom|"
    "Pinecone Security|Quarry Cement|Ravenwood Press|Redleaf Coffee|Saltmarsh Seafood|Silverbirch Care|"
    "Stonebridge Capital|Sunfield Solar|Thistle Textiles|Tidewater Water|Willow Mobility"
)
#: For people who do not write from work.
PRIVATE_DOMAINS = ("example.com", "example.org", "example.net")

COMPANY_SIZES = (8, 15, 25, 40, 60, 90, 120, 180, 250, 400, 650, 900, 1_500, 4_000)
JOB_TITLES = (
    "Head of Marketing",
    "Marketing Manager",
    "Demand Generation Lead",
    "Marketing Operations Manager",
    "Growth Marketer",
    "Chief Marketing Officer",
    "Sales Operations Analyst",
    "Revenue Operations Lead",
    "Founder",
    "Office Manager",
)
COUNTRIES = ("DE", "FR", "ES", "IT", "NL", "SE", "PL", "PT", "GB", "US", "CA", "BR", "JP", "IN", "AU")

#: Where an unpaid visitor comes from: source, medium, campaign.
CAMPAIGNS = (
    ("newsletter", "email", "2026-q4-product-tour"),
    ("linkedin", "social", "2026-q4-launch"),
    ("partner", "referral", "2026-q4-partners"),
    ("google", "organic", "brand"),
    ("webinar", "event", "2026-11-ops-webinar"),
)
PAID_CAMPAIGNS = (
    ("google", "cpc", "2026-q4-demo-search"),
    ("linkedin", "cpc", "2026-q4-demo-leads"),
    ("bing", "cpc", "2026-q4-demo-search"),
)
WEBINARS = ("ops-in-practice", "clean-data", "first-100-leads")
MEETINGS = ("demo", "discovery", "follow-up")
