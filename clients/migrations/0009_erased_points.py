from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0008_points'),
    ]

    operations = [
        migrations.AlterField(
            model_name='pointsentry',
            name='cause',
            field=models.CharField(choices=[('EARNED', 'Sale'), ('REVERSED', 'Refund'), ('REDEEMED', 'Reward redeemed'), ('RETURNED', 'Reward given back'), ('ADJUSTED', 'Adjustment'), ('MERGED', 'Cards merged'), ('UNMERGED', 'Merge undone'), ('EXPIRED', 'Expiry'), ('REFERRAL', 'Referral'), ('OPENING', 'Opening balance'), ('WITHDRAWN', 'Opening balance withdrawn'), ('ERASED', 'Client erased')], max_length=10),
        ),
    ]
