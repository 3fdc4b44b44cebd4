"""Plausible people of Berlin and Köln, invented."""

FEMALE = (
    "Anna Lena Sophie Marie Emma Mia Hannah Lea Laura Julia Sarah Lisa Katharina Johanna Charlotte Clara Luisa Amelie "
    "Nina Petra Sabine Monika Claudia Susanne Ute Ingrid Renate Brigitte Gisela Ursula Karin Heike Silke Anja Nicole "
    "Stefanie Sandra Melanie Tanja Kerstin Bärbel Käthe Zoë Jülide Ayşe Fatma Elif Zeynep Meryem Emine Agnieszka "
    "Małgorzata Olga Natalia Irina Giulia Chiara Françoise Renée Chloé Mai Linh Leyla Yasmin Samira Greta Frieda Ida Ella"
).split()
MALE = (
    "Lukas Leon Finn Paul Jonas Ben Elias Noah Felix Maximilian Julian Tim Jan Niklas Philipp Moritz David Simon Tobias "
    "Andreas Thomas Michael Stefan Peter Klaus Jürgen Günther Dieter Wolfgang Uwe Bernd Rainer Jörg Björn Sören Götz "
    "Torsten Sven Marco Emre Mehmet Murat Can Deniz Ali Hasan Piotr Tomasz Paweł Dmitri Sergej Luca Matteo André "
    "René François José Ahmed Karim Omar Minh Oskar Emil Anton Theo Karl"
).split()
LAST = (
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf "
    "Schröder Neumann Schwarz Zimmermann Braun Krüger Hartmann Lange Werner Krause Lehmann Köhler Maier Herrmann König "
    "Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther "
    "Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin "
    "Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich "
    "Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer Yılmaz Kaya Demir Şahin "
    "Çelik Yıldız Öztürk Aydın Arslan Doğan Kowalski Nowak Wiśniewski Nguyen Tran Rossi Ferrari Petrov Ivanova Haddad"
).split()
DOUBLE = ("Müller-Lüdenscheidt", "von der Heide", "Weiß-Becker", "Schäfer-Groß", "van Dyck", "O'Neill", "de la Cruz")
STREETS = (
    "Lindenstraße Hauptstraße Gartenweg Schulstraße Bergmannstraße Kastanienallee Oranienstraße Bachgasse Mühlenweg "
    "Friedrichstraße Goethestraße Rosenweg Ahornallee Wilhelmstraße Pappelallee Sonnenallee Weserstraße Torstraße"
).split()
BERLIN = ("10115", "10243", "10437", "10551", "10717", "10827", "10965", "10969", "10997", "12043", "12047", "12163")
KOELN = ("50667", "50672", "50674", "50677", "50733", "50823", "50931", "51063")
MAIL_HOSTS = ("mail.example", "post.example", "web.example", "gmx.example", "inbox.example")
